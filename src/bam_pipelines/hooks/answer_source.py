"""The stages follow ``behavior.source``: Kedro registers them before anything else can tell them."""

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines

from bam_pipelines import pipeline_registry
from bam_pipelines.pipelines.behavior.answer_source import answer_source


class AnswerSourceHook:
    """Register the stages again if a session's answers come from elsewhere than the last one's."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Look where answers come from; not by ``context.params``, which registers the stages itself."""
        try:
            chosen = answer_source(context.config_loader["parameters"]["behavior"])
        except (KeyError, TypeError):
            return  # :class:`~bam_pipelines.hooks.ParameterHook` says what is wrong, when a run begins
        if chosen != pipeline_registry.chosen_source:
            pipeline_registry.chosen_source = chosen
            pipelines.configure(pipeline_registry.__name__)
