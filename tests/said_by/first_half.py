"""What the texts of the notebooks say, and their cells must therefore have printed."""

# What the text says and a cell must therefore have printed. A number that drifts fails here.
SAID = {
}
GRADED = (9, "zebra"), (9, "leopard"), (17, "owl"), (17, "topsy owl"), (33, "wheel over bell"), (33, "bell over wheel")
# Numbers that the text leans on without naming them to the last digit: pattern, least, most.
MEASURED = {
}
