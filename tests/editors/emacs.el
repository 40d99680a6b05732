;;; emacs.el --- An Emacs that a test drives  -*- lexical-binding: t; -*-

;;; Commentary:

;; The test evaluates these functions with emacsclient, in the buffer of the window, and reads what `draft-queen-state' returns.

;;; Code:

(package-initialize)
(require 'json)
(load (expand-file-name "dap-debugpy.el" (file-name-directory load-file-name)))

(defvar draft-queen-stops 0 "How often a thread has stopped.")

(add-hook 'dap-stopped-hook (lambda (_session) (cl-incf draft-queen-stops)))

(defun draft-queen-open (folder file line)
  "Open FILE of the project in FOLDER and set a breakpoint in LINE."
  (dap-mode 1)
  (lsp-workspace-folders-add folder)
  (find-file file)
  (goto-char (point-min))
  (forward-line (1- line))
  (dap-breakpoint-add))

(defun draft-queen-attach (name)
  "Start the configuration NAME of .vscode/launch.json."
  (dap-debug (copy-tree (cdr (assoc name (dap-launch-find-parse-launch-json))))))

(defun draft-queen-insert-before (line text)
  "Type TEXT as a new line before LINE, indented like the one above, and save."
  (goto-char (point-min))
  (forward-line (- line 2))
  (let ((indentation (current-indentation)))
    (end-of-line)
    (insert "\n" (make-string indentation ?\s) text))
  (save-buffer))

(defun draft-queen-continue ()
  "Go on in the thread that is stopped."
  (dap-continue (dap--cur-session) (dap--debug-session-thread-id (dap--cur-session))))

(defun draft-queen-running-sessions ()
  "The names of the sessions that have not ended, the newest first."
  (mapcar #'dap--debug-session-name (seq-filter #'dap--session-running (dap--get-sessions))))

(defun draft-queen-locals (session frame)
  "The local variables in FRAME of SESSION."
  (let* ((scopes (gethash "scopes" (dap-request session "scopes" :frameId (gethash "id" frame))))
         (reference (gethash "variablesReference" (car scopes)))
         (found (make-hash-table :test 'equal)))
    (dolist (variable (gethash "variables" (dap-request session "variables" :variablesReference reference)) found)
      (puthash (gethash "name" variable) (gethash "value" variable) found))))

(defun draft-queen-state ()
  "What Emacs shows, as JSON: stops until now, running sessions, the frame that it is stopped in, and the line that point is in."
  (let* ((session (dap--cur-session))
         (frame (and session (dap--debug-session-active-frame session))))
    (json-encode
     (list :stops draft-queen-stops
           :sessions (vconcat (draft-queen-running-sessions))
           :function (and frame (gethash "name" frame))
           :file (buffer-file-name)
           :line (line-number-at-pos)
           :variables (if frame (draft-queen-locals session frame) (make-hash-table))))))

;;; emacs.el ends here
