"""A data set in words."""

from tendigits.data.catalogue import CATALOGUE
from tendigits.data.dataset import IMAGE_SIZE, Dataset, LabelledImages
from tendigits.data.download import cache_folder


def describe_catalogue() -> str:
    """Return a line for each data set known by name: what it is and where it is."""
    width = max(len(name) for name in CATALOGUE)
    lines = []
    for entry in CATALOGUE.values():
        folder = cache_folder() / entry.name
        if not entry.mirrors:
            place = "comes with the package"
        elif all((folder / file).exists() for file in entry.sha256):
            place = f"in {folder}"
        else:
            place = "downloaded when first used"
        lines.append(f"{entry.name:<{width}}  {entry.title} ({place})")
    return "\n".join(lines)


def describe_dataset(dataset: Dataset) -> str:
    """Return what `dataset` holds: description, shapes, class counts, checksums."""
    checksums = [f"  {sha256}  {name}" for name, sha256 in dataset.checksums.items()]
    return "\n".join(
        [
            *_about(dataset),
            f"images     {IMAGE_SIZE}x{IMAGE_SIZE}x1 uint8, labels int64",
            f"splits     train {len(dataset.train):,}, test {len(dataset.test):,}",
            "",
            *_class_table(dataset),
            "",
            "SHA-256 of each part as an unpacked IDX file:",
            *checksums,
        ]
    )


def _about(dataset: Dataset) -> list[str]:
    entry = CATALOGUE.get(dataset.name)
    if entry is None or dataset.source != entry.name:
        return [f"{dataset.name}", "", f"source     {dataset.source}"]
    return [
        entry.title,
        "",
        entry.description,
        "",
        f"homepage   {entry.homepage}",
        f"citation   {entry.citation}",
        f"licence    {entry.licence}",
    ]


def _class_table(dataset: Dataset) -> list[str]:
    width = max(5, *(len(name) for name in dataset.class_names))

    def row(name: str, part: LabelledImages, other: LabelledImages, label: int) -> str:
        return f"{name:<{width}}  {part.class_counts[label]:>7,}  {other.class_counts[label]:>7,}"

    rows = [
        row(name, dataset.train, dataset.test, label)
        for label, name in enumerate(dataset.class_names)
    ]
    return [f"{'class':<{width}}  {'train':>7}  {'test':>7}", *rows]
