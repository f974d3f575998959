// A curve that is drawn with the mouse or a finger. The keyboard moves its points one by one.

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

const element = (name, className, parent) => {
    const created = document.createElement(name);
    created.className = className;
    parent.append(created);
    return created;
};

/** Create the axes and the points in an element; `report` is called with the points' levels after each change. */
function createCurve(root, {title, places, place_title: placeTitle, levels, ticks, color}, start, report) {
    const box = element("div", "curve", root), count = places.length, top = levels.length - 1;
    box.style.setProperty("--curve-color", color);
    const head = element("div", "curve-head", box);
    element("span", "", head).textContent = title;
    const readout = element("span", "curve-readout", head);
    const plot = element("div", "curve-plot", box);
    for (const level of ticks) {
        const tick = element("div", "curve-tick", plot);
        tick.style.bottom = `${100 * level / top}%`;
        element("span", "", tick).textContent = levels[level];
    }
    plot.insertAdjacentHTML("beforeend",
        `<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true"><polyline/></svg>`);
    const line = plot.querySelector("polyline");
    const names = element("div", "curve-places", box);
    element("div", "curve-place-title", box).textContent = placeTitle;

    const values = [...start];
    const points = places.map((place, index) => {
        element("span", "", names).textContent = place;
        const point = element("div", "curve-point", plot);
        point.tabIndex = 0;
        point.role = "slider";
        point.ariaLabel = `${placeTitle} ${place}`;
        point.ariaOrientation = "vertical";
        point.ariaValueMin = 0;
        point.ariaValueMax = top;
        point.style.left = `${100 * (index + 0.5) / count}%`;
        return point;
    });
    const draw = () => {
        points.forEach((point, index) => {
            point.style.bottom = `${100 * values[index] / top}%`;
            point.ariaValueNow = values[index];
            point.ariaValueText = levels[values[index]];
        });
        line.setAttribute("points", values.map((value, index) =>
            `${100 * (index + 0.5) / count},${100 - 100 * value / top}`).join(" "));
    };
    const read = index => { readout.textContent = `${places[index]}: ${levels[values[index]]}`; };
    const set = (index, level) => {
        values[index] = clamp(Math.round(level), 0, top);
        read(index);
    };

    // The stroke so far: where the pen was last, in places and levels, and the places that it has passed.
    let last = null, passed = new Set();
    const locate = ({clientX, clientY}) => {
        const {left, bottom, width, height} = plot.getBoundingClientRect();
        return {at: (clientX - left) / width * count - 0.5, level: (bottom - clientY) / height * top};
    };
    const nearest = ({at}) => clamp(Math.round(at), 0, count - 1);
    const follow = pen => {
        const [from, to] = pen.at < last.at ? [pen, last] : [last, pen];
        for (let index = Math.max(Math.ceil(from.at), 0); index <= Math.min(Math.floor(to.at), count - 1); index++) {
            if (from.at === to.at) break;
            set(index, from.level + (to.level - from.level) * (index - from.at) / (to.at - from.at));
            passed.add(index);
        }
        // A point that is dragged up and down, or where the stroke ends.
        if (!passed.has(nearest(pen))) set(nearest(pen), pen.level);
        last = pen;
        draw();
    };
    plot.addEventListener("pointerdown", event => {
        if (event.button) return;
        event.preventDefault();
        plot.setPointerCapture(event.pointerId);
        last = locate(event);
        passed = new Set();
        follow(last);
    });
    plot.addEventListener("pointermove", event => { if (last) follow(locate(event)); });
    // Comes after the release, and also when the browser takes the pointer away.
    plot.addEventListener("lostpointercapture", () => {
        last = null;
        report(values);
    });

    let reported = String(values);
    const reportChange = () => {
        if (String(values) !== reported) report(values);
        reported = String(values);
    };
    points.forEach((point, index) => {
        point.addEventListener("focus", () => read(index));
        point.addEventListener("keydown", event => {
            const page = Math.ceil(top / 10);
            const level = {
                ArrowUp: values[index] + 1, ArrowRight: values[index] + 1, PageUp: values[index] + page, End: top,
                ArrowDown: values[index] - 1, ArrowLeft: values[index] - 1, PageDown: values[index] - page, Home: 0,
            }[event.key];
            if (level === undefined) return;
            event.preventDefault();
            set(index, level);
            draw();
        });
        // Not while a key is held down.
        point.addEventListener("keyup", reportChange);
        point.addEventListener("blur", () => { if (!last) reportChange(); });
    });
    draw();
}

export default ({data, parentElement, setStateValue}) => {
    // Streamlit calls this in each run of the page. The points stay as they are, also in another language, until the
    // server has forgotten the curve. The element may be the same when the question is asked again.
    const {drawn, ...axes} = data;
    const shown = JSON.stringify(axes), isForgotten = parentElement.curveDrawn && !drawn;
    parentElement.curveDrawn = drawn;
    if (parentElement.curveShown === shown && !isForgotten) return;
    parentElement.curveShown = shown;
    const flat = axes.places.map(() => axes.start);
    const start = isForgotten ? flat : parentElement.curveLevels ?? drawn ?? flat;
    parentElement.curveLevels = start;
    parentElement.querySelector(".curve")?.remove();
    createCurve(parentElement, axes, start, levels => {
        parentElement.curveLevels = [...levels];
        setStateValue("levels", parentElement.curveLevels);
    });
};
