export type { ListItem } from './list-layout.ts';
export { ShareableList, type ShareableListOptions } from './shareable-list.ts';
export { SharedMemory, type SharedMemoryOptions } from './shared-memory.ts';
export { SharedMemoryManager } from './shared-memory-manager.ts';
