// On a touch screen, the first tap on a point shows its card, as pointing at it does; the second one, or one on the card, opens the player.

let touched = false;
let shown = null;

document.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch"; });
document.addEventListener("focusout", () => { shown = null; });
document.addEventListener("click", (event) => {
  const point = event.target.closest?.(".scatter .point");
  // a key has no clicks to count
  if (!point || !touched || event.detail === 0 || point === shown) return;
  event.preventDefault();
  point.focus();
  shown = point;
});
