// MessagePack, as far as the native protocol uses it. Written from the format's specification.

export function pack(value: unknown): Buffer {
  const out: number[] = [];
  const bytes = (number: number | bigint, count: number) => {
    for (let at = BigInt(count) - 1n; 0n <= at; at--) {
      out.push(Number((BigInt.asUintN(64, BigInt(number)) >> (at * 8n)) & 0xffn));
    }
  };
  const head = (length: number, short: [number, number] | undefined, wide: [number, number][]) => {
    if (short && length < short[1]) return out.push(short[0] | length);
    for (const [tag, count] of wide) {
      if (length < 2 ** (8 * count)) {
        out.push(tag);
        return bytes(length, count);
      }
    }
  };
  const put = (it: unknown): void => {
    if (it === null || it === undefined) out.push(0xc0);
    else if (typeof it === "boolean") out.push(it ? 0xc3 : 0xc2);
    else if (typeof it === "string") {
      const text = Buffer.from(it);
      head(
        text.length,
        [0xa0, 32],
        [
          [0xd9, 1],
          [0xda, 2],
          [0xdb, 4],
        ],
      );
      out.push(...text);
    } else if (typeof it === "number") {
      if (!Number.isSafeInteger(it)) {
        out.push(0xcb);
        const float = Buffer.alloc(8);
        float.writeDoubleBE(it);
        out.push(...float);
      } else if (0 <= it && it < 128) out.push(it);
      else if (-32 <= it && it < 0) out.push(256 + it);
      else {
        out.push(it < 0 ? 0xd3 : 0xcf);
        bytes(BigInt(it), 8);
      }
    } else if (Buffer.isBuffer(it)) {
      head(it.length, undefined, [
        [0xc4, 1],
        [0xc5, 2],
        [0xc6, 4],
      ]);
      out.push(...it);
    } else if (Array.isArray(it)) {
      head(
        it.length,
        [0x90, 16],
        [
          [0xdc, 2],
          [0xdd, 4],
        ],
      );
      it.forEach(put);
    } else {
      const members = Object.entries(it as object).filter(([, value]) => value !== undefined);
      head(
        members.length,
        [0x80, 16],
        [
          [0xde, 2],
          [0xdf, 4],
        ],
      );
      for (const member of members) member.forEach(put);
    }
  };
  put(value);
  return Buffer.from(out);
}

export function unpack(bytes: Buffer): unknown {
  let at = 0;
  const number = (count: number) => {
    const read = count === 8 ? Number(bytes.readBigUInt64BE(at)) : bytes.readUIntBE(at, count);
    at += count;
    return read;
  };
  const slice = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const list = (length: number) => Array.from({ length }, take);
  const map = (length: number) => Object.fromEntries(Array.from({ length }, () => [take(), take()]));
  const take = (): unknown => {
    const tag = number(1);
    if (tag < 0x80) return tag;
    if (tag < 0x90) return map(tag & 15);
    if (tag < 0xa0) return list(tag & 15);
    if (tag < 0xc0) return slice(tag & 31).toString();
    if (0xe0 <= tag) return tag - 256;
    if (0xd9 <= tag && tag <= 0xdb) return slice(number(1 << (tag - 0xd9))).toString();
    if (0xc4 <= tag && tag <= 0xc6) return Buffer.from(slice(number(1 << (tag - 0xc4))));
    if (0xcc <= tag && tag <= 0xcf) return number(1 << (tag - 0xcc));
    if (0xdc <= tag && tag <= 0xdd) return list(number(2 << (tag - 0xdc)));
    if (0xde <= tag && tag <= 0xdf) return map(number(2 << (tag - 0xde)));
    if (tag === 0xc0) return null;
    if (tag === 0xc2 || tag === 0xc3) return tag === 0xc3;
    if (tag === 0xcb) return slice(8).readDoubleBE();
    if (0xd0 <= tag && tag <= 0xd3) {
      const count = 1 << (tag - 0xd0);
      return Number(BigInt.asIntN(8 * count, BigInt(number(count))));
    }
    throw new Error(`no type of the protocol: ${tag.toString(16)}`);
  };
  const value = take();
  if (at !== bytes.length) throw new Error("more than one value");
  return value;
}
