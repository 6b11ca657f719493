/** What {@linkcode EXAMINE} gives. */
export interface Examined {
  /** Texts whose colour is too near to what is behind them, with their contrast. */
  pale: string[];
  /** Controls, pictures and navigations that have no name. */
  nameless: string[];
  /** Ids that there are more than once. */
  twice: string[];
  /** By how many pixels the page is wider than the window. */
  over: number;
  /** How many first headings there are. */
  h1: number;
}

/** Runs in the page, and finds what people would not be able to read or to use. Contrasts are those of WCAG 2, AA. */
export const EXAMINE = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) ?? ["0", "0", "0", "0"]).map(Number);
  const luminance = (color) => {
    const [r, g, b] = color.map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    for (; element; element = element.parentElement) {
      const color = channels(getComputedStyle(element).backgroundColor);
      if (color.length < 4 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const isShown = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && element.checkVisibility();
  };
  const hasText = ({ childNodes }) => [...childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const pale = [...document.querySelectorAll("body *")].flatMap((element) => {
    if (!hasText(element) || !isShown(element) || element.closest(".skip, title")) return [];
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const [light, dark] = [luminance(channels(color)), luminance(groundOf(element))].sort((a, b) => b - a);
    const size = parseFloat(fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5;
    const contrast = (light + 0.05) / (dark + 0.05);
    return contrast < least ? [element.textContent.trim().slice(0, 30) + ": " + contrast.toFixed(2)] : [];
  });
  const controls = "a, button, summary, input:not([type=hidden]), select, [role=img], nav";
  const nameless = [...document.querySelectorAll(controls)].filter((element) => {
    const label = element.labels?.[0]?.textContent ?? element.getAttribute("aria-label") ?? "";
    return (label || (element.matches("nav, input, select") ? "" : element.textContent)).trim() === "";
  });
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  return {
    pale: [...new Set(pale)],
    nameless: nameless.map(({ outerHTML }) => outerHTML.slice(0, 80)),
    twice: ids.filter((id, i) => ids.indexOf(id) !== i),
    over: Math.max(0, document.documentElement.scrollWidth - innerWidth),
    h1: document.querySelectorAll("h1").length,
  };
})()`;
