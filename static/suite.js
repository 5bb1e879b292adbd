// What the pages of all services share.

/** Calls a service's own API with the XSRF token that the page carries.
 *  Gives the answer's data; throws an Error with the answer's message. */
export async function api(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: {
      Accept: "application/json",
      "Content-Type": "application/json",
      "X-XSRFToken": window.jhdata.xsrf_token,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const data = await response.json().catch(() => null);
  if (!response.ok) {
    const message = data?.error?.message ?? `The service answered ${response.status}.`;
    throw Object.assign(new Error(message), { status: response.status, ...data?.error });
  }
  return data;
}
