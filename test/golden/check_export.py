"""Compare a model folder as `transformers` runs it with what `export-cases.ts` wrote for it.

usage: check_export.py MODEL_DIR CASES_DIR [ADAPTER_DIR]     (needs torch, torchvision, transformers, pillow; peft for an adapter)
"""
import json, os, sys
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

folder, cases, *adapter = sys.argv[1:]
model, loading = AutoModelForImageTextToText.from_pretrained(folder, output_loading_info=True)
processor = AutoProcessor.from_pretrained(folder)
problems = {what: list(names)[:3] for what, names in loading.items() if names}
if adapter:
    from peft import PeftModel
    model = PeftModel.from_pretrained(model, adapter[0]).eval()
print(type(model).__name__, sum(p.numel() for p in model.parameters()), "parameters", problems or "loaded whole")

entries = json.load(open(os.path.join(cases, "cases.json")))
worst, ids, greedy, texts = 0.0, 0, 0, 0
for entry in entries:
    image = Image.open(os.path.join(cases, entry["image"]))
    content = [{"type": "image"}, {"type": "text", "text": entry["question"]}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False)
    inputs = processor(text=[text], images=[image], return_tensors="pt")
    prompt, completion = inputs["input_ids"], torch.tensor([entry["completion"]])
    ids += prompt[0].tolist() == entry["promptIds"]
    more = {k: v for k, v in inputs.items() if k not in ("input_ids", "attention_mask")}
    if "mm_token_type_ids" in more:
        more["mm_token_type_ids"] = torch.cat([more["mm_token_type_ids"], torch.zeros_like(completion)], 1)
    whole = torch.cat([prompt, completion], 1)
    with torch.no_grad():
        logits = model(input_ids=whole, attention_mask=torch.ones_like(whole), **more).logits[0]
        made = model.generate(**inputs, max_new_tokens=24, do_sample=False)[0, prompt.shape[1]:].tolist()
    log_probs = torch.log_softmax(logits[prompt.shape[1] - 1:-1].float(), -1).gather(1, completion[0][:, None])[:, 0]
    worst = max(worst, (log_probs - torch.tensor(entry["logProbs"])).abs().max().item())
    greedy += made[: len(entry["greedy"])] == entry["greedy"]
    texts += processor.tokenizer.decode(made, skip_special_tokens=True).strip() == entry["text"].strip()

n = len(entries)
print(f"prompt ids {ids}/{n}, worst log-probability difference {worst:.1e}, greedy ids {greedy}/{n}, texts {texts}/{n}")
sys.exit(0 if ids == greedy == texts == n and worst < 1e-3 and not problems else 1)
