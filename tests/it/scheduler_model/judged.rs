//! What has to hold on a pool, in whatever order its workers do things.

use std::collections::{BTreeMap, BTreeSet};

use super::program::{Line, Saw, Script, Step};

/// A program that has come to its end on a pool.
pub(super) struct Played<'a> {
    /// What the first task did.
    pub(super) script: &'a Script,
    /// What was written, in the order of the writing.
    pub(super) lines: &'a [Line],
    /// Whether each task ended as cancelled.
    pub(super) are_cancelled: &'a [bool],
}

/// What is wrong; nothing, as a rule.
pub(super) fn judge(played: &Played<'_>) -> Result<(), String> {
    let scripts = scripts(played)?;
    for (task, script) in scripts.iter().enumerate() {
        let own: Vec<Line> = played
            .lines
            .iter()
            .copied()
            .filter(|line| owner(line) == Some(task))
            .collect();
        judge_task(task, script, &own, played.are_cancelled[task])?;
    }
    judge_cancels(played)?;
    judge_children(played)?;
    judge_callbacks(played, &scripts)
}

fn owner(line: &Line) -> Option<usize> {
    match *line {
        Line::Begins { task }
        | Line::Waits { task, .. }
        | Line::Did { task, .. }
        | Line::Ends { task, .. } => Some(task),
        Line::Called { .. } => None,
    }
}

/// The script of each task that was created.
fn scripts<'a>(played: &Played<'a>) -> Result<Vec<&'a Script>, String> {
    let mut scripts = BTreeMap::from([(0, played.script)]);
    // Who creates a task has a lower number, but may write of it later: until nothing is new.
    loop {
        let known = scripts.len();
        for line in played.lines {
            if let Line::Did { task, step, saw } = *line {
                if let (Saw::Made { task: child }, Some(script)) = (saw, scripts.get(&task)) {
                    let Step::Spawn(child_script) = &script[step] else {
                        return Err(format!("{line:?} is no step of task {task}"));
                    };
                    scripts.insert(child, child_script);
                }
            }
        }
        if scripts.len() == known {
            break;
        }
    }
    let numbers: Vec<usize> = scripts.keys().copied().collect();
    // A parent may end between creating a child and writing so, never before.
    if numbers != (0..played.are_cancelled.len()).collect::<Vec<_>>() {
        return Err(format!("these tasks are known: {numbers:?}"));
    }
    Ok(scripts.into_values().collect())
}

/// One task by itself: it begins once, takes its steps in order, and ends once, with all of them
/// taken unless it was cancelled.
fn judge_task(
    task: usize,
    script: &Script,
    own: &[Line],
    is_cancelled: bool,
) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("task {task}: {what}: {own:?}"));
    if own.is_empty() {
        return if is_cancelled {
            Ok(())
        } else {
            wrong("it was never polled")
        };
    }
    let mut step = 0;
    let mut waited = None;
    for (at, line) in own.iter().enumerate() {
        let is_right = match *line {
            Line::Begins { .. } => at == 0,
            Line::Waits { step: of, .. } => at > 0 && of == step && waited.replace(of) != Some(of),
            Line::Did { step: of, .. } => {
                step += 1;
                at > 0 && of + 1 == step
            }
            Line::Ends { is_finished, .. } => {
                at + 1 == own.len()
                    && (is_cancelled || is_finished)
                    && (!is_finished || step == script.len())
            }
            Line::Called { .. } => false,
        };
        if !is_right {
            return wrong(&format!("{line:?} is out of place"));
        }
    }
    if !matches!(own.last(), Some(Line::Ends { .. })) {
        return wrong("it never ended");
    }
    Ok(())
}

/// Nobody is cancelled without being asked, and who is asked before its end is.
fn judge_cancels(played: &Played<'_>) -> Result<(), String> {
    let mut asked = BTreeSet::new();
    let mut finished = BTreeSet::new();
    for line in played.lines {
        match *line {
            Line::Ends {
                task,
                is_finished: true,
            } => drop(finished.insert(task)),
            Line::Did {
                saw:
                    Saw::Asked {
                        task,
                        is_taken: true,
                    },
                ..
            } => {
                asked.insert(task);
                // Who has just come to its end may take a request and give its value.
                if !played.are_cancelled[task] && !finished.contains(&task) {
                    return Err(format!("task {task} was asked to end, and did not"));
                }
            }
            _ => {}
        }
    }
    // A task that was dropped as it awaited a child has asked that one; which it was is not
    // written, so every child of a dropped task may be cancelled, and so may theirs.
    let mut may = asked;
    loop {
        let known = may.len();
        for line in played.lines {
            if let Line::Did {
                task,
                saw: Saw::Made { task: child },
                ..
            } = *line
            {
                if may.contains(&task) {
                    may.insert(child);
                }
            }
        }
        if may.len() == known {
            break;
        }
    }
    let cancelled = (0..played.are_cancelled.len()).filter(|&task| played.are_cancelled[task]);
    match cancelled.into_iter().find(|task| !may.contains(task)) {
        Some(task) => Err(format!("task {task} was cancelled by nobody")),
        None => Ok(()),
    }
}

/// Who awaits a child gets what it came to, after its end.
fn judge_children(played: &Played<'_>) -> Result<(), String> {
    let mut ended = BTreeSet::new();
    let mut begun = BTreeSet::new();
    for line in played.lines {
        match *line {
            Line::Begins { task } => drop(begun.insert(task)),
            Line::Ends { task, .. } => drop(ended.insert(task)),
            Line::Did {
                saw: Saw::Child { task, is_cancelled },
                ..
            } => {
                let is_over = ended.contains(&task) || !begun.contains(&task);
                if !is_over || is_cancelled != played.are_cancelled[task] {
                    return Err(format!("{line:?} before task {task} had come to that"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Each callback runs once, those of one task that were handed in directly in their order.
fn judge_callbacks(played: &Played<'_>, scripts: &[&Script]) -> Result<(), String> {
    let mut called = BTreeSet::new();
    let mut last = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for line in played.lines {
        match *line {
            Line::Called { task, step } => {
                if !called.insert((task, step)) {
                    return Err(format!("{line:?} twice"));
                }
                let is_direct = scripts[task][step].is_call();
                if is_direct && last.insert(task, step).is_some_and(|last| last > step) {
                    return Err(format!("{line:?} came late"));
                }
            }
            Line::Did { task, step, .. } if scripts[task][step].is_call() => {
                taken.insert((task, step));
            }
            _ => {}
        }
    }
    match taken.iter().find(|call| !called.contains(call)) {
        Some(call) => Err(format!("the callback of {call:?} never ran")),
        None => Ok(()),
    }
}
