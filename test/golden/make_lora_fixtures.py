"""Put random LoRA adapters on a golden model with `peft` and write the numbers that it gives.

usage: make_lora_fixtures.py GOLDEN OUT SEED [--rank R] [--alpha A] [--rslora] [--targets NAME ...]
GOLDEN: a folder that make_vlm_fixtures.py has made
OUT/adapter  the PEFT folder;  OUT/reference.safetensors  log-probabilities and logits of GOLDEN's cases with it
(needs torch, transformers, peft)
"""
import argparse, json, os
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageTextToText

ap = argparse.ArgumentParser()
ap.add_argument("golden"); ap.add_argument("out"); ap.add_argument("seed", type=int)
ap.add_argument("--rank", type=int, default=4); ap.add_argument("--alpha", type=float, default=8)
ap.add_argument("--rslora", action="store_true"); ap.add_argument("--targets", nargs="*", default=["all-linear"])
a = ap.parse_args()
torch.manual_seed(a.seed); torch.set_num_threads(1)
load = lambda: AutoModelForImageTextToText.from_pretrained(os.path.join(a.golden, "checkpoint"), dtype=torch.float32).eval()
targets = a.targets[0] if a.targets == ["all-linear"] else a.targets
model = get_peft_model(load(), LoraConfig(r=a.rank, lora_alpha=a.alpha, use_rslora=a.rslora, target_modules=targets, task_type="CAUSAL_LM"))
with torch.no_grad():  # wide enough that every matrix shows in the logits
    for name, parameter in model.named_parameters():
        if "lora_" in name: parameter.normal_(0, 0.12)
adapter = os.path.join(a.out, "adapter")
model.save_pretrained(adapter)
config = json.load(open(os.path.join(adapter, "adapter_config.json")))
config["base_model_name_or_path"] = "tiny"
json.dump(config, open(os.path.join(adapter, "adapter_config.json"), "w"), indent=1)
if os.path.exists(os.path.join(adapter, "README.md")): os.remove(os.path.join(adapter, "README.md"))

cases, given = json.load(open(os.path.join(a.golden, "cases.json"))), load_file(os.path.join(a.golden, "reference.safetensors"))
plain, adapted = load(), PeftModel.from_pretrained(load(), adapter).eval()
def run(model, case, k):
    ids = torch.tensor([case["prompt_ids"] + case["completion_ids"]])
    more = dict(pixel_values=given[f"{k}.pixel_values"])
    if "image_grid_thw" in case:
        more["image_grid_thw"] = torch.tensor(case["image_grid_thw"])
        more["mm_token_type_ids"] = (ids == plain.config.image_token_id).int()
    with torch.no_grad(): return model(input_ids=ids, attention_mask=torch.ones_like(ids), **more).logits[0].float()
ref, moved = {}, []
for k, case in enumerate(cases["cases"]):
    n, logits = len(case["prompt_ids"]), run(adapted, case, k)
    log_probs = torch.log_softmax(logits, -1)
    ref[f"{k}.completion_logprobs"] = torch.tensor([log_probs[n - 1 + i, t] for i, t in enumerate(case["completion_ids"])])
    ref[f"{k}.logits_prompt_last"] = logits[n - 1].contiguous().clone()
    before = torch.log_softmax(run(plain, case, k), -1)
    assert (before[n - 1:][: len(case["completion_ids"])].gather(1, torch.tensor(case["completion_ids"])[:, None])[:, 0] - given[f"{k}.completion_logprobs"]).abs().max() < 1e-4
    moved.append(round((ref[f"{k}.completion_logprobs"] - given[f"{k}.completion_logprobs"]).abs().max().item(), 2))
save_file(ref, os.path.join(a.out, "reference.safetensors"))
import peft, transformers
json.dump(dict(golden=os.path.basename(os.path.normpath(a.golden)), made_with=f"peft {peft.__version__}, transformers {transformers.__version__}, torch {torch.__version__}, float32"), open(os.path.join(a.out, "made.json"), "w"), indent=1)
print(a.out, "trained", sum(p.numel() for n, p in model.named_parameters() if "lora_" in n), "moved", moved)
