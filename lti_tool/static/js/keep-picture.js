// Saves the picture of a journey as a PNG, which every device can show; without this script its link gives the SVG.
const SIZE = 1200;

async function png(address) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
  canvas.getContext("2d").drawImage(picture, 0, 0, SIZE, SIZE);
  return new Promise((give, fail) => canvas.toBlob((blob) => (blob ? give(blob) : fail(new Error("no picture"))), "image/png"));
}

function save(address, name) {
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-picture]");
  if (!link) return;
  event.preventDefault();
  try {
    const address = URL.createObjectURL(await png(link.href));
    save(address, link.dataset.picture);
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  } catch {
    // Without the attribute "download", for which Chromium sends no cookie from a frame: the answer is a file by itself.
    location.assign(link.href);
  }
});
