"""Wrong answers to the exercises of notebook 11: check -> answers, and a piece of what each must be told."""

WRONG = {
    "mean_fall": [
        (lambda curve: curve[1:].mean() - curve[0], "sign is turned"),
        (lambda curve: curve[0] - curve.mean(), "nothing was hidden there"),
        (lambda curve: curve[0] - curve[-1], "fall at the end"),
        (lambda curve: curve[1:].mean(), "the mean probability itself"),
        (lambda curve: 1 - curve[1:].mean() / curve[0], "a share of the first"),
        (lambda curve: (curve[0] - curve[1:].mean()).abs(), "leave out the absolute value"),
        (lambda curve: curve[:1] - curve[1:], "one number is wanted"),
    ],
    "input_times_gradient": [
        (lambda image, gradient: image * gradient, "still has three colours"),
        (lambda image, gradient: (image * gradient).mean(0), "Contributions are added up"),
        (lambda image, gradient: (image * gradient).abs().sum(0), "Keep the signs"),
        (lambda image, gradient: image.sum(0) * gradient.sum(0), "its own gradient"),
        (lambda image, gradient: gradient.abs().max(0).values, "gradient alone"),
        (lambda image, gradient: (image * gradient).max(0).values, "strongest colour"),
        (lambda image, gradient: image.sum(0), "numbers are not"),
    ],
    "completeness_gap": [
        (lambda a, logit, blank: logit - blank - a.sum(), "sign is turned"),
        (lambda a, logit, blank: a.sum() - logit, "forget the blank"),
        (lambda a, logit, blank: a.sum() + logit - blank, "Two signs"),
        (lambda a, logit, blank: a.mean() - (logit - blank), "have a sum"),
        (lambda a, logit, blank: a.abs().sum() - (logit - blank), "absolute values"),
        (lambda a, logit, blank: (a.sum() - (logit - blank)).abs(), "leave out the absolute value"),
        (lambda a, logit, blank: a.sum(), "numbers? is not right"),
    ],
}
