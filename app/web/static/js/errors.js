// When a part of a page could not be fetched, go to its URL: the browser then shows the page that says why.

for (const name of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(name, (event) => {
    const { target, pathInfo } = event.detail;
    if (target?.id === "results" && pathInfo?.finalRequestPath) location.assign(pathInfo.finalRequestPath);
  });
}
