"""The development loop against its plain alternatives: an edit, a breakpoint, a request, a start; every pair measured in the same run."""
