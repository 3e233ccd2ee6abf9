// Runs before anything is painted, so that neither the theme nor what scripts add makes the page jump.
"use strict";
{
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("labs.theme");
    if (theme) root.dataset.theme = theme;
  } catch {
    // Without storage there is nothing to remember.
  }
}
