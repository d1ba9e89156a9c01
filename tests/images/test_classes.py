from bam_pipelines.images.classes import class_name, class_noun


def test_a_class_has_its_name_or_its_label():
    assert class_name(1, ["cat", "dog"]) == "dog"
    assert class_name(1, None) == "1"


def test_only_digits_are_called_so():
    assert class_noun(None) == class_noun(["3", "8"]) == "digit"
    assert class_noun(["3", "x"]) == class_noun(["10", "11"]) == "class"
