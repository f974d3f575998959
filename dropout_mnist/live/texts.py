"""The texts of the panel."""

from collections.abc import Callable

from dropout_mnist.shapes import CLASSES

# A text, a list of ten texts, or texts by name. The panel fills in what is in braces.
Texts = dict[str, str | list[str] | dict[str, str]]


def panel_texts(_: Callable[[str], str]) -> Texts:
    """Return the panel's texts, each translated by `_`."""
    return {
        "digits": [(_("an {digit}") if digit == 8 else _("a {digit}")).format(digit=digit) for digit in range(CLASSES)],
        # By the values of `evaluation.Doubt`. A sentence that begins with a digit's name begins with a capital letter.
        "doubts": {
            "sure": "",
            "unsure": _("Probably {first}."),
            "ambiguous": _("{first}, or perhaps {second}."),
            "not a digit": _("This doesn't look like a digit. If it is one, perhaps {first}."),
        },
        # Instead of the last one, for a model whose doubt is its own.
        "weak": _("This model cannot tell (it reads {share} of the test images)."),
        "sure": _("{percent} sure"),
        "loading": _("The network is on its way."),
        "no_model": _("There is no model to answer yet. Train one below."),
        "no_answer": _("No answer yet"),
        "input": _("The network's input: 28 x 28 pixels"),
        "input_help": _(
            "The digit is scaled to 20 pixels and centered by its mass, like the digits of MNIST. Drawings are "
            "re-rendered with a pen like theirs."
        ),
        "full": _("full network"),
        "thinned": _("this thinned network"),
        "average": _("average of {count}"),
        "dropout": _("Dropout"),
        "rate": _("Rate"),
        "pace": _("New masks"),
        "per_second": _("{count} per second"),
        "by_hand": _("by hand"),
        "another_mask": _("Another mask"),
        "share": _("Drop by hand"),
        "restore": _("Restore all units"),
        "restore_count": _("Restore all units ({count} dropped)"),
        "layer": _("Hidden layer {number}"),
        "units": _("{active} of {size} units active"),
        "units_dropped": _("{active} active, {dropped} dropped"),
        "hint": _("Point at a unit to see what it does. Click to drop it."),
        "unit": _("Layer {number}, unit {unit}"),
        "activation": _("activation {activation}"),
        "inactive": _("not active"),
        "dropped": _("dropped by this mask"),
        "removed": _("dropped by hand"),
        "drop_unit": _("Drop this unit"),
        "restore_unit": _("Restore this unit"),
        "feature": _("looks for"),
        "feature_alt": _("The unit's weights: ink on blue excites it, ink on orange inhibits it"),
        "evidence": _("adds to the evidence for each digit"),
        "evidence_alt": _("Adds most for {most} ({more}) and least for {least} ({less})."),
        "no_evidence": _("Adds nothing."),
    }


def replay_texts(_: Callable[[str], str]) -> Texts:
    """Return the texts of the slider over the moments of a run, each translated by `_`."""
    return {
        "moment": _("Moment of the run"),
        "after": _("After {step} of {total} steps, in epoch {epoch}"),
        "before": _("Before the first step"),
        "answer": _("What the network said of your digit then"),
        "no_input": _("Draw a digit above to see what the network would have said of it."),
        "features": _("What units of the first layer looked for"),
        "features_alt": _("The weights of the units that the next layer uses most: blue excites, orange inhibits"),
    }
