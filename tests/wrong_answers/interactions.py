"""Wrong answers to the exercises of notebook 09: check -> answers, and a piece of what each must be told."""

WRONG = {
    "interaction_of": [
        (lambda w, a, b, n: (w - a) + (w - b) - (w - n), "sign is turned"),
        (lambda w, a, b, n: (w - a) + (w - b), "two single falls"),
        (lambda w, a, b, n: w - n, "That is the joint fall"),
        (lambda w, a, b, n: (w - n) - (a + b), "by how much the logit fell"),
        (lambda w, a, b, n: a + b - n, "logit of the whole is missing"),
        (lambda w, a, b, n: (w - n) / (2 * w - a - b), "a ratio"),
        (lambda w, a, b, n: 0.0, "three falls"),
    ],
    "safe_gap": [
        (lambda patch: patch, "one pixel more"),
        (lambda patch: patch - 2, "One too few"),
        (lambda patch: patch + 1, "two pixels more"),
        (lambda patch: patch // 2, "Half a patch"),
        (lambda patch: -(-(patch - 1) // 8) * 8, "stride plays no part"),
        (lambda patch: 8 * (patch // 8), "stride plays no part|reaches across"),
        (lambda patch: 2 * patch, "a smaller one would do"),
        (lambda patch: 1, "reaches across"),
    ],
    "shapley_of_two": [
        (lambda n, a, b, both: ((b - n + both - a) / 2, (a - n + both - b) / 2), "changed places"),
        (lambda n, a, b, both: (a - n, b - n), "comes first"),
        (lambda n, a, b, both: (both - b, both - a), "comes last"),
        (lambda n, a, b, both: (a - n + both - b, b - n + both - a), "asked for is the mean"),
        (lambda n, a, b, both: ((both - n) / 2, (both - n) / 2), "share equally"),
        (lambda n, a, b, both: ((a + both - b) / 2, (b + both - a) / 2), "need not be zero"),
        (lambda n, a, b, both: (a, b), "yours add up to"),
        (lambda n, a, b, both: (both - n, 0.0), "shares are not"),
        (lambda n, a, b, both: a - n, "Two numbers"),
    ],
}
