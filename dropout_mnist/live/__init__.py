"""The live panel: the network answers in the browser while the pen moves.

Python is the definition of preprocessing, inference and doubt; the JavaScript here is held to it by tests in Chromium.
It is plain ES modules without dependencies, and knows nothing of Streamlit:

    rasterise.js   strokes -> 28 x 28 pixels, like `preprocessing.drawing.read_strokes`
    network.js     weights, forward passes, masks, contributions, doubt
    recorder.js    records the pen on a canvas as strokes
    units.js       which units are dropped by hand
    answers.js     shows the digit and the doubt
    controls.js    the controls of dropout
    format.js      formats texts
    layers.js      shows a hidden layer as a grid of units
    bars.js        shows the ten probabilities
    inspector.js   shows one unit
    panel.js       the panel: `createPanel(root, texts)`, fed with weights and with strokes or pixels
    panel.css      its style, for light and dark pages

`source.script` joins modules into one, and `weights.pack` turns a checkpoint's file into the bytes that `readNetwork`
in network.js reads. `ui.live` puts both on the page. A page of its own needs a canvas and a few lines:

    const panel = createPanel(root, texts);
    panel.setNetwork(readNetwork(bytes));
    recordPen(event => event.target === canvas && canvas, () => penWidth, panel.setStrokes);
"""
