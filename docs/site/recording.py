"""The short film of the patch explorer in the README, recorded from the real page of the built site.

    python docs/site/recording.py   # after `python3 course.py site`, with the Python of .venv; two minutes

A mouse moves over the flamingo of the first notebook, chooses three patch sizes, and silences patches. What the page
shows becomes docs/images/explorer.gif. Its last picture, docs/images/explorer.png, is for who wants no movement.
"""

import io
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw
from printing import FLAGS, chromium, served

ROOT = Path(__file__).resolve().parents[2]
IMAGES, PAGE = ROOT / "docs" / "images", "notebooks/00_start_here.html"
SCALE = 1.5  # pixels of the film for each pixel of the page: sharp on good screens
TICK = 100  # ms from one picture to the next
ARROW = ((0, 0), (0, 17), (4, 13.4), (6.8, 19.6), (9.4, 18.4), (6.7, 12.4), (12, 12))  # the mouse
LARGE, FINE = 1.3 * SCALE, 6  # how large the arrow is; it is drawn finer, then made smaller, for smooth edges


@dataclass
class Film:
    """An explorer on a page, a mouse over it, and the pictures taken until now, each with its time in ms."""

    explorer: object
    at: tuple[float, float] = (0, 0)  # where the mouse is, from the explorer's corner
    pressed: bool = False
    shots: list[tuple[Image.Image, int]] = field(default_factory=list)

    def shoot(self, ms: int = TICK) -> None:
        shot = Image.open(io.BytesIO(self.explorer.screenshot())).convert("RGB")
        draw_mouse(shot, self.at, self.pressed)
        self.shots.append((shot, ms))

    def glide(self, part: str, ms: int, x: float = 0.5, y: float = 0.5) -> None:
        """Move slowly, quickly, slowly, as a hand does; x and y are shares of a part's width and height."""
        corner, goal = self.explorer.bounding_box(), self.explorer.locator(part).bounding_box()
        to = goal["x"] + x * goal["width"] - corner["x"], goal["y"] + y * goal["height"] - corner["y"]
        start, steps = self.at, ms // TICK
        for n in range(1, steps + 1):
            share = (1 - math.cos(math.pi * n / steps)) / 2
            self.at = tuple(a + share * (b - a) for a, b in zip(start, to, strict=True))
            self.explorer.page.mouse.move(corner["x"] + self.at[0], corner["y"] + self.at[1])
            self.shoot()

    def press(self, down: bool) -> None:
        self.pressed = down
        getattr(self.explorer.page.mouse, "down" if down else "up")()
        self.shoot(2 * TICK)

    def choose(self, size: int) -> None:
        """Click on a patch size, and wait until one has seen what changed."""
        self.glide(f'input[value="{size}"]', 600)
        self.press(True)
        self.press(False)
        self.shoot(700)

    def follow(self, *path: tuple[float, float, int]) -> None:
        """From place to place on the picture, in its pixels, of 128, with the ms that each way takes."""
        for x, y, ms in path:
            self.glide(".bx-picture .bx-body", ms, x / 128, y / 128)


def draw_mouse(shot: Image.Image, at: tuple[float, float], pressed: bool) -> None:
    arrow = Image.new("RGBA", (26 * FINE, 26 * FINE), (255, 255, 255, 0))
    points = [((x + 3) * FINE, (y + 3) * FINE) for x, y in ARROW]
    pen = ImageDraw.Draw(arrow)
    pen.polygon(points, fill="darkorange" if pressed else "black")
    pen.line([*points, *points[:2]], fill="white", width=2 * FINE, joint="curve")
    arrow = arrow.resize((round(26 * LARGE), round(26 * LARGE)), Image.Resampling.LANCZOS)
    shot.paste(arrow, tuple(round(value * SCALE - 3 * LARGE) for value in at), arrow)


def play(film: Film) -> None:
    """What the mouse does."""
    film.follow((10, 60, 3 * TICK), (20, 44, 500), (40, 44, 500), (68, 45, 800))
    film.shoot(900)
    film.choose(17)
    film.follow((34, 57, 800))
    film.shoot(700)
    film.choose(33)
    film.follow((16, 64, 800))
    film.shoot(500)
    film.press(True)
    film.follow((104, 64, 1100), (104, 72, 200), (66, 72, 600), (66, 56, 200), (16, 56, 700))
    film.press(False)
    film.shoot(2200)


def save(shots: list[tuple[Image.Image, int]], folder: Path) -> None:
    """One palette for all, no dithering (it would flicker), and of each picture only what changed."""
    (width, height), some = shots[0][0].size, [shot for shot, _ in shots[::8]]
    sheet = Image.new("RGB", (width, height * len(some)))
    for n, shot in enumerate(some):
        sheet.paste(shot, (0, n * height))
    palette = sheet.quantize(255, method=Image.Quantize.MAXCOVERAGE, kmeans=2)
    first, *rest = (shot.quantize(palette=palette, dither=Image.Dither.NONE) for shot, _ in shots)
    times, path = [ms for _, ms in shots], folder / "explorer.gif"
    first.save(path, save_all=True, append_images=rest, duration=times, loop=0, disposal=1, optimize=True)
    shots[-1][0].save(folder / "explorer.png", optimize=True)
    print(f"{path}: {len(shots)} pictures, {sum(times) / 1e3:.1f} s, {path.stat().st_size / 1e6:.2f} MB")


def main(site: Path) -> None:
    from playwright.sync_api import sync_playwright

    if not (site / PAGE).exists():
        sys.exit(f"{site / PAGE} is not there: run python3 course.py site first")
    with sync_playwright() as driver, served(site) as address:
        browser = driver.chromium.launch(executable_path=chromium(driver), args=FLAGS.split())
        window = {"width": 1190, "height": 1400}  # the explorer in three columns, all of it in sight
        page = browser.new_page(viewport=window, device_scale_factor=SCALE, color_scheme="light")
        page.goto(address + PAGE)
        gallery = page.locator('.live[data-kind="gallery"]')
        gallery.scroll_into_view_if_needed()
        gallery.get_by_label("Picture", exact=True).select_option(label="flamingo")
        film = Film(gallery.locator(".bagnet-explorer"))
        film.explorer.scroll_into_view_if_needed()
        play(film)
    save(film.shots, IMAGES)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "site")
