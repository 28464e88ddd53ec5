"use strict";
const basket = {};
const button = document.querySelector(".basket");
const show = (text) => { button.textContent = text; };

document.addEventListener("click", (event) => {
  const product = event.target.dataset.product;
  if (!product) return;
  basket[product] = (basket[product] || 0) + 1;
  show(`Order ${Object.values(basket).reduce((a, b) => a + b)} now`);
});

button.addEventListener("click", async () => {
  if (!Object.keys(basket).length) return;
  const answer = await fetch("/orders", { method: "POST", body: JSON.stringify(basket) });
  const said = await answer.json();
  if (answer.ok) for (const product of Object.keys(basket)) delete basket[product];
  show(answer.ok ? `Thank you: € ${(said.total / 100).toFixed(2)}` : said.error);
});
