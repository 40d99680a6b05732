// The part of the Python Debugger extension that an attach needs: the debug type "debugpy", whose adapter is at the configuration's connect.host
// and connect.port. Sessions of child processes come through the editor's own startDebugging, with an address of the same form.
"use strict";
const vscode = require("vscode");

class Connection {
  createDebugAdapterDescriptor(session) {
    const { host, port } = session.configuration.connect ?? {};
    if (session.configuration.request !== "attach" || !port) {
      throw new Error(`"${session.name}" does not attach to connect.host and connect.port, and this extension can do nothing else.`);
    }
    return new vscode.DebugAdapterServer(port, host ?? "127.0.0.1");
  }
}

// What the Python Debugger extension adds to every configuration.
class Additions {
  resolveDebugConfiguration(_folder, configuration) {
    return { clientOS: "unix", showReturnValue: true, ...configuration };
  }
}

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.debug.registerDebugAdapterDescriptorFactory("debugpy", new Connection()),
    vscode.debug.registerDebugConfigurationProvider("debugpy", new Additions()),
  );
};
