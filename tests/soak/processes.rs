//! Children: fed and read, awaited, killed, given up. None is left, dead or alive. Unix.

use std::io;

use bowerbird::subprocess::PIPE;
use bowerbird::{create_subprocess_exec, create_task, gather, sleep, timeout};

use crate::ledger::Stage;

pub(crate) async fn run(mut stage: Stage) {
    let count = 1 + stage.dice.below(3);
    let child = |_| create_task(child(stage.fork()));
    let children: Vec<_> = (0..count).map(child).collect();
    stage.ledger.allow("a parent", gather(children).await);
}

async fn child(mut stage: Stage) {
    let _entry = stage.ledger.enter();
    let went = match stage.dice.below(4) {
        0 => echoes(&mut stage).await,
        1 => ends(&mut stage).await,
        2 => is_killed(&mut stage).await,
        _ => is_given_up(&mut stage).await,
    };
    stage.ledger.allow("a child", went);
}

/// What it is fed comes back.
async fn echoes(stage: &mut Stage) -> io::Result<()> {
    let size = stage.dice.pick(&[0, 100, 200_000]);
    let bytes = stage.dice.bytes(size);
    let cat = create_subprocess_exec("cat").stdin(PIPE).stdout(PIPE);
    let mut cat = cat.kill_on_drop(true).await?;
    let (out, _) = cat.communicate(bytes.as_slice()).await?;
    let is_right = out.as_ref() == Some(&bytes);
    stage.ledger.check(is_right, || {
        format!("not what {size} bytes should come back as")
    });
    Ok(())
}

/// Its code arrives.
async fn ends(stage: &mut Stage) -> io::Result<()> {
    let code = stage.dice.below(200) as i32;
    let shell = create_subprocess_exec("sh").args(["-c", &format!("exit {code}")]);
    let shell = shell.kill_on_drop(true).await?;
    let got = shell.wait().await?.code();
    stage
        .ledger
        .check(got == Some(code), || format!("{got:?} instead of {code}"));
    Ok(())
}

/// It dies when it is told to.
async fn is_killed(stage: &mut Stage) -> io::Result<()> {
    let long = create_subprocess_exec("sleep").arg("3600");
    let long = long.kill_on_drop(true).await?;
    sleep(stage.dice.micros(2000)).await;
    long.kill()?;
    let status = long.wait().await?;
    stage
        .ledger
        .check(!status.success(), || format!("killed: {status}"));
    Ok(())
}

/// Nobody waits for it any more.
async fn is_given_up(stage: &mut Stage) -> io::Result<()> {
    let long = create_subprocess_exec("sleep").arg("3600");
    let long = long.kill_on_drop(true).await?;
    let over = timeout(stage.dice.micros(2000), long.wait()).await;
    stage
        .ledger
        .check(over.is_err(), || "an hour has passed".into());
    Ok(())
}
