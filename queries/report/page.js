"use strict";
(() => {
  const svg = document.getElementById("links"), why = document.getElementById("why");
  const whole = { x: 0, y: 0, side: 1000 };
  let view = { ...whole }, pointers = new Map(), apart = 0;
  const show = () => svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.side} ${view.side}`);
  const at = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return { x: point.x, y: point.y };
  };
  const zoom = (factor, centre) => {
    const side = Math.min(2000, Math.max(20, view.side * factor)), real = side / view.side;
    view = { x: centre.x - (centre.x - view.x) * real, y: centre.y - (centre.y - view.y) * real, side };
    show();
  };
  const explain = (event) => {
    const title = event.target.querySelector?.("title");
    if (title && event.target !== svg) why.textContent = title.textContent;
  };
  const distance = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  };
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, at(event));
  }, { passive: false });
  svg.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, event);
    if (pointers.size === 2) apart = distance();
    explain(event);
  });
  svg.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    if (pointers.size === 1) {
      const from = at(before), to = at(event);
      view = { ...view, x: view.x + from.x - to.x, y: view.y + from.y - to.y };
      show();
    }
    pointers.set(event.pointerId, event);
    if (pointers.size === 2) {
      zoom(apart / distance(), at(event));
      apart = distance();
    }
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"])
    svg.addEventListener(name, (event) => pointers.delete(event.pointerId));
  svg.addEventListener("pointerover", explain);
  svg.addEventListener("focusin", explain);
  document.getElementById("whole").addEventListener("click", () => { view = { ...whole }; show(); });
})();
