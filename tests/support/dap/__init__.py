"""A headless editor for tests: speaks the Debug Adapter Protocol as VS Code and its Python Debugger extension do."""

from tests.support.dap.editor import Editor, Stop
from tests.support.dap.session import RequestFailed, Session, Waited

__all__ = ["Editor", "RequestFailed", "Session", "Stop", "Waited"]
