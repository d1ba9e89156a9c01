"""Headless Chromium for tests of pages."""

import io
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

WAIT = 60  # s, for a slow machine
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
)  # fmt: skip


def skip_without_chromium(items, folder, what):
    """Mark the tests of a folder where there is no browser, loudly."""
    if shutil.which("chromium") and shutil.which("chromedriver"):
        return
    lacking = pytest.mark.skip(reason=f"{what} IS NOT TESTED: install chromium and chromium-driver")
    for item in items:
        if folder in str(item.path):
            item.add_marker(lacking)


@contextmanager
def chromium(downloads, watched=False, **preferences):
    """A window of 1200 x 900; what it downloads goes to a folder, and if it is watched, what it asks for to a log."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, "--window-size=1200,900"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads), **preferences})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", **({"performance": "ALL"} if watched else {})})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    driver.set_script_timeout(WAIT)
    try:
        yield driver
    finally:
        driver.quit()


def press(driver, *keys):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(driver).send_keys(*keys).perform()


def resize(driver, width, height):
    """Give the page the window of a telephone, or another one of this size."""
    size = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def darkness_of_sides(driver, selector):
    """How dark the left and the right edge of a part of the page are on average, from 0 (white) to 1."""
    picture = Image.open(io.BytesIO(driver.find_element("css selector", selector).screenshot_as_png)).convert("L")
    dark = 1 - np.asarray(picture) / 255
    return dark[:, :4].mean(), dark[:, -4:].mean()


def axe_violations(driver):
    """What people with disabilities could not use, as axe finds it: each rule that is broken, and where."""
    from selenium_axe_python import Axe

    axe = Axe(driver)
    axe.inject()
    found = axe.run(options={"resultTypes": ["violations"]})["violations"]
    return [(one["id"], [" ".join(map(str, node["target"])) for node in one["nodes"]]) for one in found]


def complaints(driver):
    """What the browser complained about."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
