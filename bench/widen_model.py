"""Writes a model with random weights, FACTOR times as wide as MODEL: widen_model.py MODEL FACTOR DIR

Heads keep their size, so that there are more of them. Needs torch and transformers; nothing is fetched.
"""

import json
import os
import shutil
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration  # noqa: E402

model, factor, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(os.path.join(model, "config.json")) as file:
    config = json.load(file)
wider = {
    "text_config": ["hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads"],
    "vision_config": ["hidden_size", "intermediate_size", "num_heads", "out_hidden_size"],
}
for part, names in wider.items():
    for name in names:
        config[part][name] *= factor
torch.manual_seed(0)
wide = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(**config)).to(torch.float32)
wide.save_pretrained(target)
for name in os.listdir(model):
    if name.endswith((".jinja", ".json")) and not name.startswith(("config", "model")):
        shutil.copy(os.path.join(model, name), target)
print(f"{sum(p.numel() for p in wide.parameters()) / 1e6:.1f} M parameters in {target}")
