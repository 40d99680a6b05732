// Development only: reloads this page when newer code is running, and shows the error when newer code does not start.
(() => {
  const here = new URL(document.currentScript.src);
  const origin = here.searchParams;
  let source = null;
  let dialog = null;

  const show = (error) => {
    if (dialog) dialog.remove();
    dialog = null;
    if (!error) return;
    dialog = document.createElement("dialog");
    dialog.id = "devloop-error";
    dialog.setAttribute("aria-label", "The new code does not start");
    // Through the object model, which a strict content security policy allows.
    Object.assign(dialog.style, { maxWidth: "90vw", maxHeight: "80vh", padding: "1rem", border: "2px solid #b91c1c", overflow: "auto" });
    const title = document.createElement("h2");
    title.textContent = "The new code does not start; this page is from the last good one";
    const text = document.createElement("pre");
    text.textContent = error;
    text.tabIndex = 0;
    Object.assign(text.style, { whiteSpace: "pre-wrap", overflowWrap: "anywhere" });
    const close = document.createElement("button");
    close.textContent = "Close";
    close.addEventListener("click", () => dialog.close());
    dialog.append(title, text, close);
    document.body.append(dialog);
    dialog.showModal();
  };

  const open = () => {
    if (source) return;
    source = new EventSource(new URL("events", here));
    source.addEventListener("hello", (message) => {
      const told = JSON.parse(message.data);
      // Generations are counted from 1 again after a restart, by another supervisor.
      const same = told.supervisor === origin.get("supervisor") && told.generation === Number(origin.get("generation"));
      if (!same) location.reload();
      else show(told.error);
    });
    source.addEventListener("stale", (message) => show(JSON.parse(message.data).error));
    source.addEventListener("refresh", () => location.reload());
    // A browser gives up permanently on a response that is not a stream, as from a server that temporarily is not a development loop.
    source.addEventListener("error", () => {
      if (source && source.readyState === EventSource.CLOSED) {
        close();
        setTimeout(() => document.hidden || open(), 1000);
      }
    });
  };
  const close = () => {
    if (source) source.close();
    source = null;
  };

  // A browser opens at most six streams per host: hidden pages do without.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  if (!document.hidden) open();
})();
