"""Make reference ids of awkward texts (`tokenizers`) and reference resizes (Pillow up to 12).

usage: make_text_and_resize_fixtures.py TOKENIZER_JSON OUT_DIR
"""
import base64, json, random, sys
import numpy as np, PIL, tokenizers
from PIL import Image
from tokenizers import Tokenizer

rng = random.Random(1)
tokenizer = Tokenizer.from_file(sys.argv[1])
POOL = list("abcXYZ  \n\r\t'sdt'll 0123½²٣一三中文éé\u0301ñß\u200b\u00a0\u2028😀👍🏽.,!?-—<|>/\\\"'`~$€\x00\x7f\ufeffſKİı")
POOL += ["<|im_end|>", "<|image_pad|>", "<|im_start|>", "'S", "'LL", "'ſ", " the", " angle", "degrees"]
texts = []
for _ in range(150):
    text = "".join(rng.choice(POOL) for _ in range(rng.randrange(0, 25)))
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    texts.append(dict(text=text, ids=ids, decoded=tokenizer.decode(ids, skip_special_tokens=False),
                      plain=tokenizer.decode(ids, skip_special_tokens=True)))
json.dump(dict(made_with=f"tokenizers {tokenizers.__version__}", texts=texts), open(f"{sys.argv[2]}/tokenizer-texts.json", "w"), indent=1)

FILTERS = dict(bilinear=2, bicubic=3, lanczos=1)
numbers = np.random.default_rng(5)
resizes = []
encode = lambda a: base64.b64encode(a.tobytes()).decode()
for i in range(18):
    w, h, ow, oh = [int(x) for x in numbers.integers(1, 40, 4)]
    pixels = numbers.integers(0, 256, (h, w, 3), dtype=np.uint8)
    if i % 3 == 0: pixels = ((pixels > 127) * 255).astype(np.uint8)   # overshoot has to be clipped
    name = list(FILTERS)[i // 2 % 3]
    out = np.asarray(Image.fromarray(pixels).resize((ow, oh), FILTERS[name]))
    resizes.append(dict(filter=name, width=w, height=h, pixels=encode(pixels), to_width=ow, to_height=oh, expected=encode(out)))
json.dump(dict(made_with=f"Pillow {PIL.__version__}", resizes=resizes), open(f"{sys.argv[2]}/pillow-resize.json", "w"), indent=1)
