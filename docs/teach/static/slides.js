// The deck: sizes in the pixels of a projector, no motion, an address for every slide. S opens the speaker's window.
Reveal.initialize({
  width: 1280, height: 720, margin: 0.02, minScale: 0.1, maxScale: 4,
  center: false, hash: true, transition: "none", backgroundTransition: "none", slideNumber: "c/t",
  pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1, plugins: [RevealNotes],
});
