"""Claims about dropout from papers and tutorials, each with what we predicted before it was measured here.

The predictions are written down before the runs and stay as they are, so that those that fail can be shown as failed.
Claims that were measured before predictions were kept have none.
"""

from dataclasses import dataclass

from dropout_mnist.messages.message import Message


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim about dropout.

    Attributes:
        key: names it in results.
        text: the claim, in one sentence.
        source: who makes it, and where.
        reported: the source's own result, with its number where it gives one.
        prediction: what we expected here, written before the runs; None if it was measured before.
    """

    key: str
    text: Message
    source: Message
    reported: Message
    prediction: Message | None


CLAIMS = (
    Claim(
        key="memorization",
        text=Message("Dropout keeps a network from memorizing wrong labels."),
        source=Message("Arpit et al., ICML 2017, section 5"),
        reported=Message("dropout slows down the fitting of noise most, at no cost on real data"),
        prediction=Message(
            "With 40% random labels, 10,000 images and 20 epochs, drop_prob 0.5 memorizes less than 20% of "
            "the wrong labels, and drop_prob 0 more than 70%."
        ),
    ),
    Claim(
        key="label-noise-accuracy",
        text=Message("Dropout saves the test accuracy that wrong labels would cost."),
        source=Message("Arpit et al., ICML 2017, section 5"),
        reported=Message("dropout reaches a higher validation accuracy than other regularizers under label noise"),
        prediction=Message(
            "With 40% random labels and 10,000 images, the test accuracy after 20 epochs is at least 10 points "
            "higher with drop_prob 0.5 than with 0."
        ),
    ),
    Claim(
        key="early-stopping",
        text=Message("Stopping early protects against wrong labels as well as dropout does."),
        source=Message("Arpit et al., ICML 2017, section 3: simple patterns are learned first"),
        reported=Message("networks learn the right labels before they fit the wrong ones"),
        prediction=Message(
            "With 40% random labels, the best epoch without dropout is within 1 point of the best epoch with "
            "drop_prob 0.5."
        ),
    ),
    Claim(
        key="massive-noise",
        text=Message("Networks recognize digits even if most labels are random."),
        source=Message("Rolnick et al., arXiv 1705.10694 (2017)"),
        reported=Message("over 90% on MNIST with 100 random labels for each right one, for convolutional networks"),
        prediction=Message(
            "With 80% random labels and 10,000 images, the best epoch with drop_prob 0.5 has a test accuracy "
            "above 80%, and the last of 60 epochs is at least 10 points below the best one."
        ),
    ),
    Claim(
        key="test-error",
        text=Message("Dropout reduces the test error on MNIST."),
        source=Message("Srivastava et al., JMLR 15 (2014), table 2"),
        reported=Message("1.60% without, 1.25% with dropout and ReLU, 1.06% with max-norm as well"),
        prediction=None,
    ),
    Claim(
        key="rate",
        text=Message("The exact dropout rate matters little over a wide range."),
        source=Message("Srivastava et al., JMLR 15 (2014), section 7.3"),
        reported=Message("flat for drop_prob 0.2 to 0.6"),
        prediction=None,
    ),
    Claim(
        key="train-size",
        text=Message("Dropout helps with enough training images, and not with extremely few."),
        source=Message("Srivastava et al., JMLR 15 (2014), section 7.4"),
        reported=Message("no gain with 100 and 500 images; the gain grows from 1,000 on and then declines"),
        prediction=None,
    ),
    Claim(
        key="averaging",
        text=Message("One full network with scaled weights is about as good as the average of 50 thinned networks."),
        source=Message("Srivastava et al., JMLR 15 (2014), section 7.5"),
        reported=Message("the average needs about 50 networks to be as good, and is slightly better with more"),
        prediction=None,
    ),
    Claim(
        key="sparsity",
        text=Message("Dropout makes activations sparse."),
        source=Message("Srivastava et al., JMLR 15 (2014), section 7.2"),
        reported=Message("mean activation 0.7 instead of 2.0"),
        prediction=None,
    ),
    Claim(
        key="co-adaptation",
        text=Message("Dropout keeps units from co-adapting."),
        source=Message("Hinton et al., arXiv 1207.0580 (2012)"),
        reported=Message("shown by features that look more meaningful, without a number"),
        prediction=None,
    ),
    Claim(
        key="pruning",
        text=Message("A network trained with dropout can be pruned further."),
        source=Message("Gomez et al., arXiv 1905.13678 (2019)"),
        reported=Message("targeted dropout keeps its accuracy where other networks fail"),
        prediction=None,
    ),
    Claim(
        key="fewer-units",
        text=Message("A network trained with dropout can do with fewer of its units."),
        source=Message("common in tutorials, after Gomez et al., arXiv 1905.13678 (2019)"),
        reported=Message("no number"),
        prediction=Message(
            "No: with the quarter of each layer's units that has the largest weights, the test accuracy with drop_prob "
            "0.5 is not higher than without dropout."
        ),
    ),
    Claim(
        key="fewer-weights",
        text=Message("Most weights of a trained network can be removed."),
        source=Message("Han et al., NIPS 2015, table 1"),
        reported=Message(
            "12 times fewer weights at the same error on MNIST (LeNet-300-100), trained again after the removal"
        ),
        prediction=Message(
            "Without training again, the smallest 80% of the weights can go at a loss of at most 1 point of test "
            "accuracy, with drop_prob 0, 0.3 and 0.5."
        ),
    ),
    Claim(
        key="gap",
        text=Message("Dropout narrows the gap between training and test."),
        source=Message("Srivastava et al., JMLR 15 (2014), section 1"),
        reported=Message("reduces overfitting"),
        prediction=None,
    ),
    Claim(
        key="width",
        text=Message("A network with dropout must be wider: n / (1 - drop_prob) units instead of n."),
        source=Message("Srivastava et al., JMLR 15 (2014), section 7.3 and appendix A.2"),
        reported=Message("with as many units kept on average, small dropout rates no longer differ"),
        prediction=Message(
            "At width 32 drop_prob 0.5 has a higher test error than none, by more than 2 points; at width 2,048 "
            "it has a lower one."
        ),
    ),
    Claim(
        key="gaussian",
        text=Message("Gaussian noise of the same variance works as well as dropping units."),
        source=Message("Srivastava et al., JMLR 15 (2014), section 10 and table 10"),
        reported=Message("MNIST test error 0.95% instead of 1.08%"),
        prediction=Message("With 60,000 images the two differ by less than 0.15 points."),
    ),
    Claim(
        key="weight-decay",
        text=Message("Dropout is an adaptive form of weight decay."),
        source=Message("Wager et al., NIPS 2013"),
        reported=Message("equal to first order for linear models"),
        prediction=Message("With 1,000 images the best weight decay reaches less than half of dropout's gain."),
    ),
    Claim(
        key="early-dropout",
        text=Message("Dropout at the beginning of training helps a network that underfits."),
        source=Message("Liu et al., ICML 2023"),
        reported=Message("early dropout lowers the training loss of underfitting networks"),
        prediction=Message(
            "Here it does not: with 32 units per layer, dropout in the first 5 of 15 epochs ends with a "
            "training loss no lower than without dropout."
        ),
    ),
    Claim(
        key="late-dropout",
        text=Message("Dropout at the end of training helps a network that overfits."),
        source=Message("Liu et al., ICML 2023"),
        reported=Message("late dropout improves the generalization of overfitting networks"),
        prediction=Message(
            "With 512 units per layer, dropout in the last 5 of 15 epochs alone gains as much test accuracy as "
            "dropout in all of them, within 0.15 points."
        ),
    ),
    Claim(
        key="corruptions",
        text=Message("Dropout makes a network more robust to bad pictures."),
        source=Message("common in tutorials; the corruptions are from Mu & Gilmer, arXiv 1906.02337 (2019)"),
        reported=Message("no number"),
        prediction=Message(
            "With noise the accuracy is more than 2 points higher with drop_prob 0.5 than without; with shifts "
            "it is not."
        ),
    ),
    Claim(
        key="monte-carlo",
        text=Message("The disagreement of thinned networks tells digits from non-digits."),
        source=Message("Gal & Ghahramani, ICML 2016"),
        reported=Message("the uncertainty grows as a digit is rotated"),
        prediction=Message("An ensemble of 5 networks separates them better (by AUROC) than Monte Carlo dropout does."),
    ),
    Claim(
        key="doubt-over-data",
        text=Message("The disagreement of thinned networks does not shrink with more data."),
        source=Message("Osband, NIPS workshop 2016; Le Folgoc et al., arXiv 2110.04286 (2021)"),
        reported=Message("the spread depends on the rate, not on the number of observations"),
        prediction=Message(
            "On MNIST's test images it does shrink: from 100 to 60,000 training images mutual information falls "
            "by more than half."
        ),
    ),
    Claim(
        key="running-statistics",
        text=Message("model.train() and model.eval() matter for dropout because of running statistics."),
        source=Message("common in tutorials, which confuse dropout with batch normalization"),
        reported=Message("no number"),
        prediction=Message(
            "Wrong: dropout has no running statistics, and a forward pass in either mode changes no tensor of "
            "the network."
        ),
    ),
)
