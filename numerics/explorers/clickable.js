const SVG = "http://www.w3.org/2000/svg";
const PAUSE = 40, REACH = 22, FAST = 10;  // ms between places sent, px around the star, steps

const set = (element, values) => {
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
  return element;
};
const made = (name, values) => set(document.createElementNS(SVG, name), values);

function render({model, el}) {
  let [...place] = model.get("wish"), number = place.pop(), begun = null, sent = 0, timer = 0;
  const plane = made("rect", {class: "cumulant-plane"});
  const handle = made("circle", {
    class: "cumulant-handle", tabindex: 0, role: "slider", "aria-roledescription": "2D slider",
    "data-lm-suppress-shortcuts": true,  // arrows would move through the cells of a notebook
  });
  const frame = made("svg", {class: "cumulant-frame"});
  frame.append(plane, handle);
  const waits = () => begun !== null || timer !== 0 || number > model.get("answered");

  const show = () => {  // the star, where it is wanted
    const [west, east, south, north] = model.get("limits");
    const {x, y, width, height} = plane;
    const [across, up] = waits() ? place : model.get("point");
    const cx = x.baseVal.value + (across - west) / (east - west) * width.baseVal.value;
    const cy = y.baseVal.value + (north - up) / (north - south) * height.baseVal.value;
    set(handle, {cx, cy});
    const star = el.querySelector("#STAR use");
    if (star !== null) set(star, {x: cx, y: cy});
    const names = model.get("names"), told = [across, up].map(v => Number(v.toFixed(3)));
    set(handle, {
      "aria-label": `point (${names[0]}, ${names[1]}); arrow keys move it`, "aria-valuemin": west,
      "aria-valuemax": east, "aria-valuenow": told[0],
      "aria-valuetext": `${names[0]} ${told[0]}, ${names[1]} ${told[1]}`,
    });
  };
  const fit = () => {  // the frame over the drawing
    const svg = el.querySelector(".cumulant-figure > svg:not(.cumulant-frame)");
    if (svg === null || !model.get("movable")) return frame.remove();
    const {x, y, width, height} = svg.viewBox.baseVal;
    const [left, top, wide, high] = model.get("place");
    set(frame, {viewBox: svg.getAttribute("viewBox")});
    frame.style.maxWidth = svg.style.maxWidth;
    set(plane, {x: x + left * width, y: y + top * height, width: wide * width,
                height: high * height});
    if (frame.parentNode !== svg.parentNode) svg.parentNode.append(frame);
    set(handle, {r: REACH * width / (frame.getBoundingClientRect().width || width)});
    show();
  };
  const end = () => {
    begun = null;
    frame.classList.remove("cumulant-dragged");
  };
  const draw = () => {
    const next = document.createElement("template");
    next.innerHTML = model.get("value");
    const open = new Set([...el.querySelectorAll("details[open] > summary")]
      .map(e => e.textContent));
    for (const e of next.content.querySelectorAll("details"))
      e.open ||= open.has(e.querySelector("summary")?.textContent);
    const [old, fresh] = [el, next.content].map(e => e.querySelector(".cumulant-figure"));
    const stale = fresh === null && old !== null;  // there is a message: what was there fades
    el.classList.toggle("cumulant-stale", stale);
    if (stale) {
      end();
      frame.remove();
      return;
    }
    if (old === null) el.replaceChildren(next.content);
    else {  // the figure stays, with its frame: a drag goes on, what has the focus keeps it
      old.querySelector("svg").replaceWith(fresh.querySelector("svg"));
      for (const e of [...old.parentNode.childNodes]) if (e !== old) e.remove();
      const around = [...fresh.parentNode.childNodes], k = around.indexOf(fresh);
      old.before(...around.slice(0, k));
      old.after(...around.slice(k + 1));
    }
    fit();
  };
  const busy = () => {
    const now = model.get("busy") || number > model.get("answered");
    el.setAttribute("aria-busy", now);
    el.classList.toggle("cumulant-busy", now && begun === null);  // a drag shows its own work
  };

  const send = () => {
    [sent, timer] = [performance.now(), 0];
    number = model.get("wish")[2] + 1;
    model.set("wish", [...place, number]);
    model.save_changes();  // while the kernel computes, only the last one waits
    busy();
  };
  const drop = () => {
    clearTimeout(timer);
    timer = 0;
  };
  const tell = now => {
    drop();
    const rest = now ? 0 : sent + PAUSE - performance.now();
    if (rest > 0) timer = setTimeout(send, rest);
    else send();
  };
  const move = (across, up) => {
    const [west, east, south, north] = model.get("limits");
    place = [Math.min(Math.max(across, west), east), Math.min(Math.max(up, south), north)];
  };
  const point = event => {
    const box = plane.getBoundingClientRect(), [west, east, south, north] = model.get("limits");
    const [dx, dy] = begun.grip;
    move(west + (event.clientX + dx - box.left) / box.width * (east - west),
         south + (box.bottom - event.clientY - dy) / box.height * (north - south));
    show();
  };
  frame.addEventListener("pointerdown", event => {
    if (!event.isPrimary || event.button !== 0) return;
    event.preventDefault();  // no text is selected
    event.target.setPointerCapture(event.pointerId);
    handle.focus({preventScroll: true});
    const box = handle.getBoundingClientRect(), held = event.target === handle;
    begun = {  // held at its rim, the star does not jump; a finger in the plane may mean to scroll
      from: waits() ? place : model.get("point"), moved: !held, x: event.clientX, y: event.clientY,
      ours: held || event.pointerType !== "touch" || null,
      grip: held ? [box.left + box.width / 2 - event.clientX,
                    box.top + box.height / 2 - event.clientY] : [0, 0],
    };
    frame.classList.add("cumulant-dragged");
    place = begun.from;
    if (!begun.ours) return;
    point(event);
    if (!held) tell(true);
  });
  frame.addEventListener("pointermove", event => {
    if (begun === null || !event.isPrimary) return;
    begun.ours ??= Math.abs(event.clientX - begun.x) > Math.abs(event.clientY - begun.y);
    if (!begun.ours) return;
    begun.moved = true;
    point(event);
    tell(false);
  });
  frame.addEventListener("pointerup", event => {
    if (begun === null || !event.isPrimary) return;
    point(event);
    const {moved} = begun;
    end();
    if (moved) tell(true);
  });
  frame.addEventListener("pointercancel", event => {
    if (begun === null || !event.isPrimary) return;
    const {from, ours} = begun;
    end();
    if (!ours) return show();
    move(...from);
    tell(true);
    show();
  });
  const unscrolled = event => {  // a page does not scroll with what is dragged by a finger
    if (begun?.ours && event.cancelable) event.preventDefault();
  };
  frame.addEventListener("touchstart", unscrolled, {passive: false});
  frame.addEventListener("touchmove", unscrolled, {passive: false});
  handle.addEventListener("keydown", event => {
    const steps = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
                   PageUp: [0, FAST], PageDown: [0, -FAST]}[event.key];
    if (steps === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const [x, y] = waits() ? place : model.get("point"), size = model.get("steps");
    const times = event.shiftKey ? FAST : 1;
    move(x + times * steps[0] * size[0], y + times * steps[1] * size[1]);
    tell(false);
    show();
  });

  const sizes = new ResizeObserver(() => el.classList.contains("cumulant-stale") || fit());
  sizes.observe(el);
  const settled = () => {
    busy();
    show();
  };
  const heard = [["value", draw], ["busy", busy], ["answered", settled]];
  for (const [name, answer] of heard) model.on(`change:${name}`, answer);
  draw();
  busy();
  return () => {
    sizes.disconnect();
    drop();
    for (const [name, answer] of heard) model.off(`change:${name}`, answer);
  };
}
export default {render};
