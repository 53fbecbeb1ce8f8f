"""The same learner as a person sees it: JupyterLab in a real browser, keyboard and all."""

import asyncio
import re
import time
from pathlib import Path

from hub_learner import Failed, Learner

CHROMIUM = Path("/usr/bin/chromium")  # the system's, where there is one; else the one that Playwright fetched
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
ALL_RUN = f"() => {PROMPTS}.every(prompt => !prompt.textContent.includes('*'))"


async def work_in_a_browser(learner: Learner, paths, pauses, most: int | None, picture: Path | None) -> None:
    """Log in by the form, run each notebook with Shift + Enter, save it, and look at what was saved."""
    from playwright.async_api import async_playwright

    patience, diary = 1000 * learner.patience, learner.diary
    async with async_playwright() as playwright:
        own = {"executable_path": str(CHROMIUM)} if CHROMIUM.exists() else {}
        browser = await playwright.chromium.launch(args=QUIET, **own)
        page = await browser.new_page(viewport={"width": 1300, "height": 1000})
        page.set_default_timeout(patience)
        page.on("response", lambda answer: note(diary, answer))
        started = time.monotonic()
        await page.goto(f"{learner.hub}/hub/login")
        await page.locator("#username_input").fill(learner.name)
        await page.locator("#login_submit").click()
        await page.wait_for_url(re.compile("/lab"))
        diary.start = time.monotonic() - started
        for path in paths:
            opened = time.monotonic()
            await page.goto(f"{learner.hub}/user/{learner.name}/lab/tree/{path}?reset")
            idle = page.get_by_text("Python 3 (ipykernel) | Idle")
            await idle.wait_for()
            diary.opening.append(time.monotonic() - opened)
            await page.locator(".jp-Notebook .jp-Cell").first.click()
            await page.keyboard.press("Escape")
            address = f"{learner.hub}/user/{learner.name}/api/contents/{path}"
            kinds = [cell["cell_type"] for cell in (await (await page.request.get(address)).json())["content"]["cells"]]
            codes = [number for number, kind in enumerate(kinds) if kind == "code"][:most]
            for number in range(codes[-1] + 1):
                await asyncio.sleep(next(pauses) if number in codes else 0)
                begun = time.monotonic()
                await page.keyboard.press("Shift+Enter")
                await asyncio.sleep(0.05)
                await page.wait_for_function(ALL_RUN)
                await idle.wait_for()
                if number in codes:
                    diary.cells[f"{path}, cell {number}"] = time.monotonic() - begun
            if picture:
                await page.screenshot(path=picture)
            await page.keyboard.press("Control+s")
            await asyncio.sleep(2)
            cells = (await (await page.request.get(address)).json())["content"]["cells"]
            for number in codes:
                errors = [out["ename"] for out in cells[number]["outputs"] if out["output_type"] == "error"]
                if errors or not cells[number]["execution_count"]:
                    raise Failed(f"{path}, cell {number} in the browser: {errors or 'not run'}")
            await page.keyboard.press("Alt+w")  # closes the notebook, and with our settings its kernel
            await asyncio.sleep(3)
            if await (await page.request.get(f"{learner.hub}/user/{learner.name}/api/sessions")).json():
                raise Failed(f"{path}: closed in the browser, but its kernel still runs")
        await browser.close()


def note(diary, answer) -> None:
    """The browser shows many things only in part; an answer of 500 and more counts, wherever it comes."""
    if answer.status >= 500:
        diary.failures.append(f"browser: {answer.status} for {answer.url.split('?')[0]}")
