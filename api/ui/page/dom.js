// dom.js makes elements. Everything that comes from the server or from people goes through
// here as text: nothing on this page is parsed as HTML.

// el makes an element. Attributes that are functions listen to the event of their name,
// false and null are left out; children are elements or text.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

let ids = 0;

// newID makes an id for a label or a description.
export const newID = (prefix) => `${prefix}-${++ids}`;

// debounce calls f once, when it was not called for some milliseconds.
export function debounce(milliseconds, f) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => f(...values), milliseconds);
  };
}

// fill replaces the children of an element.
export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child != null && child !== false));
}
