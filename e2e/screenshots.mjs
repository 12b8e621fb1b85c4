// Makes the pictures in `docs/screenshots/`: each screen of `screens.mjs` in light, and where it says so in dark, on a phone, as printed.
//
// Run as `tools/screenshots [NAME...]`; without a name it makes them all, and their list in `docs/screenshots/README.md`. The light
// picture is `NAME.png`, the others `NAME-dark.png`, `NAME-phone.png` and `NAME-print.png`.

import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { launchBrowser, openPage, signIn, startSchool, views } from "./harness.mjs";
import { smaller } from "./picture.mjs";
import { screens } from "./screens.mjs";

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "docs", "screenshots");
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !screens.some((screen) => screen.name === name));
if (unknown.length > 0) {
  console.error(`No such screen: ${unknown.join(", ")}. There are: ${screens.map((screen) => screen.name).join(", ")}.`);
  process.exit(2);
}

const fileOf = (screen, view) => `${screen.name}${view === "light" ? "" : `-${view}`}.png`;
const viewsOf = (screen) => screen.views ?? ["light"];

async function take(browser, school, screen, view) {
  const page = await openPage(browser, views[view]);
  try {
    if (screen.role) await signIn(page, school, screen.role);
    await page.goto(`${school.address}${screen.path}`);
    await screen.prepare?.(page);
    if (view === "print") await page.emulateMedia({ media: "print" });
    else if (view !== "phone") await page.setViewportSize({ width: 1440, height: 960 });
    const file = path.join(folder, fileOf(screen, view));
    // A window's worth on a screen, the whole of a printed page.
    const picture = smaller(await page.screenshot({ fullPage: view === "print" }));
    await writeFile(file, picture);
    console.log(`${path.relative(process.cwd(), file)}  ${Math.round(picture.length / 1000)} kB`);
  } finally {
    await page.context().close();
  }
}

await mkdir(folder, { recursive: true });
const school = await startSchool({ pupils: 600 });
let browser;
try {
  browser = await launchBrowser();
  for (const screen of screens) {
    if (asked.length > 0 && !asked.includes(screen.name)) continue;
    for (const view of viewsOf(screen)) await take(browser, school, screen, view);
  }
} finally {
  await browser?.close();
  await school.stop();
}

const words = { dark: "in the dark", phone: "on a phone", print: "as printed" };
const list = screens.map((screen) => {
  const others = viewsOf(screen).filter((view) => view !== "light").map((view) => `[${words[view]}](${fileOf(screen, view)})`);
  return `* [${screen.says}](${fileOf(screen, "light")})${others.length > 0 ? `; ${others.join(", ")}` : ""}`;
});
await writeFile(
  path.join(folder, "README.md"),
  `# Screens\n\nOf the demo school, whose people are all invented. Made by \`tools/screenshots\` from \`e2e/screens.mjs\`.\n\n${list.join("\n")}\n`,
);
