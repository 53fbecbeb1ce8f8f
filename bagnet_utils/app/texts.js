// What the page says of its tools.

export const NOTEBOOKS = [
  ["00_start_here", "look and silence", "An answer is the mean of what all patches say."],
  ["05_heatmaps", "erase, every pixel", "What changes when pixels go, and how a map of every pixel is made."],
  ["06_telling_patches", "rather than", "Which patches tell two classes apart."],
  ["07_scrambling", "shuffle", "What is left when the order goes."],
  ["13b_stickers_and_order", "stickers", "How a small square turns an answer, and how to prove that it cannot."],
];
export const ABOUT = {
  look: "Move over the picture: the three squares are the patches of the three networks. In the maps each patch has one " +
    "colour, red if it speaks for the class, blue if against it. The mean of a map is the network's logit.",
  silence: "Silence patches: their votes no longer count. The pixels stay, so the patches beside them still see them. On a " +
    "map you silence for that network only.",
  erase: "Erase a square: the pixels go, and the networks look again. Only patches that see the square can change.",
  sticker: "Put a sticker on: 33 px that speak most for a kind, from another picture, or 24 px that were made to fool " +
    "BagNet-17. Where does the evidence change?",
};
export const KEYS = "Keys: arrows move, Space acts; L look, S silence, E erase, T sticker, H shuffle, U undo, R start again, " +
  "N next picture, V every pixel, D download, P projector.";
export const HINT = "Click, or use the arrow keys and Space. P: letters for everything.";
