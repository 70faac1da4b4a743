/* A page that shows moments is asked for once more in the time zone of the browser, where it was shown in another one. */
(function () {
  "use strict";
  const page = document.querySelector("[data-zone]");
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const address = new URL(location.href);
  if (!page || !zone || address.searchParams.has("zone") || zone === page.dataset.zone) return;
  address.searchParams.set("zone", zone);
  location.replace(address.href);
})();
