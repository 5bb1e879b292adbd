// Calls to this service's endpoints: paths from names, whatever is in them.

import { api } from "./suite.js";

const call = (method) => (prefix, path, { query = {}, body } = {}) => {
  const wanted = Object.entries(query).filter(([, value]) => value !== "");
  const search = wanted.length ? `?${new URLSearchParams(wanted)}` : "";
  return api(method, `${prefix}${path.map(encodeURIComponent).join("/")}${search}`, body);
};

export const get = call("GET");
export const post = call("POST");
export const put = call("PUT");
export const patch = call("PATCH");
export const remove = call("DELETE");
