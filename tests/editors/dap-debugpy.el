;;; dap-debugpy.el --- Attach to a running debugpy from dap-mode  -*- lexical-binding: t; -*-

;;; Commentary:

;; The debug type "debugpy" of .vscode/launch.json for dap-mode, which attaches only, and sessions of child processes, which dap-mode lacks: every
;; worker of the development loop is one.  docs/debugging.md says how to use it.

;;; Code:

(require 'dap-mode)
(require 'dap-ui)
(require 'dap-launch)

(defun dap-debugpy-connect (configuration)
  "Say in dap-mode's own words where CONFIGURATION attaches to; debugpy refuses both kinds at once."
  (let ((connect (plist-get configuration :connect)))
    (append (list :host (plist-get connect :host) :debugServer (plist-get connect :port))
            (dap--plist-delete configuration :connect))))

(dap-register-debug-provider "debugpy" #'dap-debugpy-connect)

(cl-defmethod dap-handle-event ((_event (eql debugpyAttach)) session body)
  "Begin the session of a process that SESSION's program has started; BODY says where it listens."
  (let ((connect (gethash "connect" body))
        (configuration (copy-sequence (dap--debug-session-launch-args session))))
    (setq configuration (plist-put configuration :name (gethash "name" body)))
    (setq configuration (plist-put configuration :subProcessId (gethash "subProcessId" body)))
    (setq configuration (plist-put configuration :host (gethash "host" connect)))
    (setq configuration (plist-put configuration :debugServer (gethash "port" connect)))
    (dap-start-debugging-noexpand configuration)))

(provide 'dap-debugpy)
;;; dap-debugpy.el ends here
