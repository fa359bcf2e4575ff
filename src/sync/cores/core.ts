/** How the objects of this folder reach what is behind one another, which users do not. */
export const CORE: unique symbol = Symbol('core');
