export function Layouts() {
  return null;
}
