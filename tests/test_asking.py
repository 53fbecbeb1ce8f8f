"""What a learner moves and ticks: guesses, expectations, sliders."""

import matplotlib.pyplot as plt
import pytest

import bagnet_utils as bu


def test_a_guess_is_compared_with_the_truth(capsys):
    guess = bu.guess("How many?", low=0, high=10)
    assert guess.value == 5
    guess.check(5)
    guess.slider.value = 9
    guess.slider.value = 5
    guess.check(5)
    guess.slider.value = 9
    guess.check(7.5)
    assert capsys.readouterr().out.splitlines() == [
        "It is 5. Next time, move the slider first.",
        "You said 5; it is 5. Exactly right.",
        "You said 9; it is 7.5. Not close: what do you think now?",
    ]


def test_expectations_are_compared_cell_by_cell(capsys):
    table = bu.expect("Which?", rows=["a", "b"], columns=["c", "d"])
    truth = {"a": {"c": True, "d": False}, "b": {"c": False, "d": False}}
    table.check(truth)
    table.boxes["a"]["c"].value = table.boxes["b"]["d"].value = True
    table.check(truth)
    table.boxes["b"]["d"].value = False
    table.check(truth)
    assert capsys.readouterr().out.splitlines() == [
        "You ticked nothing. These boxes are correct. a: c; b: none.",
        "You predicted 3 of 4 correctly.",
        "Different from what you predicted: b on d.",
        "You predicted 4 of 4 correctly.",
    ]


def test_a_page_without_widgets_shows_the_question_in_words():
    plain = bu.guess("How many?", low=0, high=10)._repr_mimebundle_()["text/plain"]
    assert plain == "[How many?: a slider from 0 to 10]"
    plain = bu.expect("Which?", rows=["a", "b"], columns=["c"])._repr_mimebundle_()["text/plain"]
    assert plain == "[Which? Boxes to tick: a, b on c]"
    plain = bu.sliders(lambda gap: "", gap=[8, 16])._repr_mimebundle_()["text/plain"]
    assert plain == "[Sliders: gap from 8 to 16; run this cell to move them]"


def test_what_is_shown_follows_the_sliders(capsys):
    def make(wide, high):
        if high > 2:
            raise bu.BadInput("too high")
        figure, _ = plt.subplots(figsize=(wide, high))
        return figure, f"{wide} < {high}"

    box = bu.sliders(make, start={"high": 2}, wide=[1, 2], high=range(1, 4))
    seen = [box.picture.value]
    assert box.values == {"wide": 1, "high": 2} and box.words_below.value == "<pre>1 &lt; 2</pre>"
    box.sliders["wide"].value = 2
    seen.append(box.picture.value)
    assert seen[0][:4] == seen[1][:4] == b"\x89PNG" and seen[0] != seen[1]
    assert box.still().get_size_inches().tolist() == [2, 2] and capsys.readouterr().out == "2 < 2\n"
    plt.close("all")
    box.sliders["high"].value = 3
    assert box.words_below.value == "<pre>too high</pre>" and box.picture.layout.display == "none"
    assert not plt.get_fignums(), "figures stay open"


@pytest.mark.parametrize(
    ("given", "words"),
    [({"gap": 8}, "gap is 8, but a list"), ({"gap": []}, "a list"), ({"gap": [1], "start": {"gap": 2}}, "start at 2")],
)
def test_impossible_sliders_are_refused_in_one_line(given, words):
    with pytest.raises(bu.BadInput, match=words):
        bu.sliders(lambda gap: "", **given)
