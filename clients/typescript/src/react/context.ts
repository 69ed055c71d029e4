// The client that components below the provider use.
import { createContext, createElement, type ReactNode, useContext } from "react";
import type { Dormouse } from "../core/client.ts";

const Context = createContext<Dormouse | null>(null);

export interface DormouseProviderProps {
  /** Made once, outside of components or in a state: `new Dormouse({ url, token })`. */
  client: Dormouse;
  children?: ReactNode;
}

/** Gives a client to the hooks of all components in it. It opens no connection itself. */
export function DormouseProvider({ client, children }: DormouseProviderProps): ReactNode {
  return createElement(Context.Provider, { value: client }, children);
}

/** The client of the nearest `DormouseProvider`. @throws {Error} if there is none. */
export function useDormouse(): Dormouse {
  const client = useContext(Context);
  if (!client) throw new Error("There is no DormouseProvider around this component");
  return client;
}
