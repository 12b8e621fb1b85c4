// What journeys do with a file that is brought in: have it read, look at what it would do, accept it.

/** Sends a file by keyboard and waits until it has been read. `file` is a path, or a file as Playwright takes it. */
export async function readFileIn(page, keys, school, file) {
  await page.goto(`${school.address}/imports`);
  const choose = page.getByLabel("File from the school's own system");
  await keys.tabTo(choose, 60);
  await choose.setInputFiles(file);
  await keys.tabTo(page.getByRole("button", { name: "Read the file" }), 30);
  await keys.press("Enter");
  await page.waitForURL(/\/imports\/\d+/);
  await page.getByRole("heading", { name: "What accepting does" }).waitFor();
}

/** Accepts the file that was read, and waits until it is in. */
export async function accept(page, keys) {
  await keys.tabTo(page.getByRole("button", { name: "Import", exact: true }), 80);
  await keys.press("Enter");
  await page.getByRole("heading", { name: "What it did" }).waitFor();
}

/** What the import counts: outcome to number; the page names those without any in one line. */
export const counts = async (page) => {
  const lines = await page.locator("ul.todo").first().locator("li").evaluateAll((lines) =>
    lines.map((line) => [line.querySelector(".grow").innerText, Number(line.querySelector(".big").innerText.replace(",", ""))]));
  return { loaded: 0, unchanged: 0, held: 0, rejected: 0, skipped: 0, ...Object.fromEntries(lines) };
};
