/* A page that shows moments is asked for once more in the time zone of the browser, where it was shown in another one. */
(function () {
  "use strict";
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const address = new URL(location.href);
  if (!zone || address.searchParams.has("zone") || zone === document.body.dataset.zone) return;
  address.searchParams.set("zone", zone);
  location.replace(address.href);
})();
