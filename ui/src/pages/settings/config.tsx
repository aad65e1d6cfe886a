export function ServerConfig() {
  return null;
}
