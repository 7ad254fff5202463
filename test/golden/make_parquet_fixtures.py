"""Writes test/golden/parquet with pyarrow 26.0.1; run it inside that folder."""
import pyarrow as pa, pyarrow.parquet as pq
img = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
png = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301010018dd8db00000000049454e44ae426082")
def rows(n):
    return pa.table({
        "problem": pa.array([f"<image>how many {i} ?" for i in range(n)]),
        "answer": pa.array([str(i) for i in range(n)]),
        "level": pa.array([i % 3 for i in range(n)], pa.int64()),
        "images": pa.array([[{"bytes": png, "path": f"{i}.png"}] for i in range(n)], pa.list_(img)),
    })
for codec in ["none","snappy","gzip","brotli","zstd","lz4"]:
    pq.write_table(rows(5), f"{codec}.parquet", compression=codec, row_group_size=2)
pq.write_table(rows(5), "v2.parquet", compression="zstd", data_page_version="2.0", row_group_size=3, write_page_checksum=True)
pq.write_table(rows(5), "crc.parquet", compression="snappy", write_page_checksum=True)
t = pa.table({"messages": pa.array([[{"role":"user","content":f"<image>q {i}"},{"role":"assistant","content":f"<answer> {i} </answer>"}] for i in range(3)]),
  "image": pa.array([{"bytes": png, "path": None}, None, {"bytes": None, "path": "1.png"}], img), "date": pa.array([1,2,3], pa.timestamp("ms")), "x": pa.array([[1.5,2.5],[],None], pa.list_(pa.float32())), "b": pa.array([True,None,False]), "d": pa.array([["a"],[None],None], pa.list_(pa.string()))})
pq.write_table(t, "kinds.parquet")
